# Oracle values of models that know which vertebrae are one patient's.
# Run: Rscript tests/reference/regression/clustered.R
# Reads ../workbooks/*.csv and synthetic41.csv and writes clustered.json beside this file.
# Needs geepack, clubSandwich, lme4 and jsonlite.  Any warning stops it.

options(warn = 2, stringsAsFactors = FALSE)
suppressPackageStartupMessages({
  library(geepack)
  library(clubSandwich)
  library(lme4)
  library(jsonlite)
})

flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

# ---- reading: the first, sixth, seventh and eighth columns are the same in every workbook ----------------------

workbook <- function(name) {
  file <- file.path(here, "..", "workbooks", paste0(name, ".csv"))
  d <- if (name == "spanish") {
    read.csv2(file, encoding = "latin1", na.strings = "")
  } else {
    read.csv(file, fileEncoding = "UTF-8-BOM", na.strings = "")
  }
  leak <- tolower(substr(d[[8]], 1, 1))
  stopifnot(leak %in% c("n", "y", "s"))
  d <- data.frame(patient = as.integer(factor(d[[1]])), fill = 100 * d[[7]] / d[[6]], leak = as.numeric(leak != "n"))
  d <- d[complete.cases(d), ]
  d[order(d$patient), ]
}

synthetic <- function() {
  d <- read.csv(file.path(here, "synthetic41.csv"))
  data.frame(patient = d$patient, fill = 100 * d$fill, leak = d$leak)
}

# ---- covariances written out by their definitions, with matrices of the size of a cluster ----------------------

inverse_root <- function(a) {
  # The principal root; `a` is not symmetric, so its eigenvectors are not orthogonal.
  e <- eigen(a, symmetric = FALSE)
  stopifnot(abs(Im(e$values)) < 1e-12, Re(e$values) > 1e-12)
  v <- Re(e$vectors)
  v %*% diag(1 / sqrt(Re(e$values)), nrow(a)) %*% solve(v)
}

by_definition <- function(d, bound = 0.75) {
  # Kauermann-Carroll (2001) and Fay-Graubard (2001), the latter with the predictor centred at its mean.
  centre <- mean(d$fill)
  d$fill <- d$fill - centre
  fit <- glm(leak ~ fill, binomial, d, epsilon = 1e-14, maxit = 100)
  x <- model.matrix(fit)
  p <- fitted(fit)
  bread <- solve(t(x) %*% (x * (p * (1 - p))))
  meat <- list(KC = 0, FG = 0)
  for (rows in split(seq_along(p), d$patient)) {
    xi <- x[rows, , drop = FALSE]
    v <- diag(p[rows] * (1 - p[rows]), length(rows))
    r <- d$leak[rows] - p[rows]
    hat <- v %*% xi %*% bread %*% t(xi)
    kc <- t(xi) %*% inverse_root(diag(length(rows)) - hat) %*% r
    h <- 1 / sqrt(1 - pmin(bound, diag(t(xi) %*% v %*% xi %*% bread)))
    fg <- diag(h) %*% t(xi) %*% r
    meat$KC <- meat$KC + kc %*% t(kc)
    meat$FG <- meat$FG + fg %*% t(fg)
  }
  back <- rbind(c(1, -centre), c(0, 1))
  lapply(meat, function(m) sqrt(diag(back %*% bread %*% m %*% bread %*% t(back))))
}

marginal <- function(d) {
  fit <- glm(leak ~ fill, binomial, d, epsilon = 1e-14, maxit = 100)
  gee <- geeglm(leak ~ fill, id = patient, data = d, family = binomial, corstr = "independence",
                control = geese.control(epsilon = 1e-12, maxit = 100))
  robust <- summary(gee)$coefficients
  covariance <- function(type) sqrt(diag(vcovCR(fit, cluster = d$patient, type = type)))
  list(n = nrow(d), events = sum(d$leak), clusters = length(unique(d$patient)), coef = unname(coef(fit)),
       geepack_coef = unname(coef(gee)), geepack_se = robust[["Std.err"]],
       CR0 = unname(covariance("CR0")), CR2 = unname(covariance("CR2")), CR3 = unname(covariance("CR3")),
       df = coef_test(fit, vcov = "CR2", cluster = d$patient, test = "Satterthwaite")$df_Satt,
       by_definition = lapply(by_definition(d), unname))
}

# ---- random intercept, by adaptive Gauss-Hermite quadrature, on the standardised predictor ----------------------

conditional <- function(d, points) {
  spread <- sqrt(mean((d$fill - mean(d$fill))^2))
  centre <- mean(d$fill)
  d$z <- (d$fill - centre) / spread
  fit <- suppressMessages(glmer(leak ~ z + (1 | patient), d, binomial, nAGQ = points,
                                control = glmerControl(optimizer = "Nelder_Mead", check.conv.grad = "ignore",
                                                       check.conv.hess = "ignore", check.conv.singular = "ignore",
                                                       tolPwrss = 1e-12,
                                                       optCtrl = list(FtolAbs = 1e-14, FtolRel = 1e-15,
                                                                      XtolRel = 1e-12, maxfun = 1e5))))
  back <- rbind(c(1, -centre / spread), c(0, 1 / spread))
  # At a standard deviation of zero the Hessian says nothing; the other matrix, about which it warns, is that of `glm`.
  covariance <- back %*% as.matrix(suppressWarnings(vcov(fit, use.hessian = !isSingular(fit)))) %*% t(back)
  list(coef = as.vector(back %*% fixef(fit)), se = sqrt(diag(covariance)),
       sd_patient = unname(sqrt(unlist(VarCorr(fit)))), loglik = as.numeric(logLik(fit)))
}

# Twice the fall of the same likelihood with the slope held, by uniroot to where it is critical, and at nought.
profiled <- function(d) {
  spread <- sqrt(mean((d$fill - mean(d$fill))^2))
  d$z <- (d$fill - mean(d$fill)) / spread
  fitted <- conditional(d, 25)
  fall <- function(b) {
    d$held <- b * spread * d$z
    held <- suppressMessages(glmer(leak ~ 1 + offset(held) + (1 | patient), d, binomial, nAGQ = 25,
                                   control = glmerControl(optimizer = "Nelder_Mead", check.conv.grad = "ignore",
                                                          check.conv.hess = "ignore", check.conv.singular = "ignore",
                                                          tolPwrss = 1e-12, optCtrl = list(maxfun = 1e5))))
    2 * (fitted$loglik - as.numeric(logLik(held)))
  }
  excess <- function(b) fall(b) - qchisq(0.95, 1)
  b <- fitted$coef[2]
  se <- fitted$se[2]
  list(low = uniroot(excess, b - c(4, 1) * se, extendInt = "downX", tol = 1e-9)$root,
       high = uniroot(excess, b + c(1, 4) * se, extendInt = "upX", tol = 1e-9)$root,
       p = pchisq(fall(0), 1, lower.tail = FALSE))
}

# ---- percentiles of the slope in resamples of patients; infinite where a resample is separated ------------------

one_slope <- function(d, counts) {
  d <- d[rep(seq_len(nrow(d)), counts), ]
  none <- d$fill[d$leak == 0]
  some <- d$fill[d$leak == 1]
  if (length(none) == 0 || length(some) == 0) return(NA)
  if (max(none) <= min(some)) return(Inf)
  if (min(none) >= max(some)) return(-Inf)
  glm.fit(cbind(1, d$fill), d$leak, family = binomial())$coefficients[2]
}

resampled <- function(d, batches = 20, each = 1000) {
  set.seed(1)
  patient <- as.integer(factor(d$patient))
  k <- max(patient)
  draw <- function(i) suppressWarnings(one_slope(d, tabulate(sample.int(k, k, TRUE), k)[patient]))
  slopes <- matrix(vapply(seq_len(batches * each), draw, 0), each)
  ends <- function(v) sort(v)[c(floor(0.025 * (sum(!is.na(v)) + 1)), ceiling(0.975 * (sum(!is.na(v)) + 1)))]
  list(low_high = ends(slopes), mc_error = apply(apply(slopes, 2, ends), 1, sd) / sqrt(batches),
       separated_share = mean(is.infinite(slopes)), left_out_share = mean(is.na(slopes)))
}

answers <- function(d) c(marginal(d), list(glmer25 = conditional(d, 25), glmer9 = conditional(d, 9)))

books <- c("plain", "normal", "spanish", "large")
result <- list(
  software = list(R = paste(R.version$major, R.version$minor, sep = "."),
                  geepack = as.character(packageVersion("geepack")),
                  clubSandwich = as.character(packageVersion("clubSandwich")),
                  lme4 = as.character(packageVersion("lme4"))),
  workbooks = setNames(lapply(books, function(name) answers(workbook(name))), books),
  profile = list(normal = profiled(workbook("normal")), synthetic41 = profiled(synthetic())),
  synthetic41 = c(answers(synthetic()), list(bootstrap = resampled(synthetic())))
)
write_json(result, file.path(here, "clustered.json"), digits = NA, auto_unbox = TRUE, pretty = TRUE)
