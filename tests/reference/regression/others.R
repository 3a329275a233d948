# Oracle values for the models beside the logistic ones, from R's own routines.
# Run: Rscript tests/reference/regression/others.R
# Reads synthetic41.csv beside this file and ../workbooks/*.csv, and writes others.json beside it.
# Needs ordinal, rms, sandwich, car and jsonlite.

options(stringsAsFactors = FALSE)
suppressPackageStartupMessages({
  library(jsonlite); library(ordinal); library(sandwich)
})

flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

# ---- data ------------------------------------------------------------------

synthetic <- read.csv(file.path(here, "synthetic41.csv"))
synthetic$fill_percent <- 100 * synthetic$fill

workbook <- function(name) {
  d <- read.csv(file.path(here, "..", "workbooks", paste0(name, ".csv")), fileEncoding = "UTF-8-BOM", na.strings = "")
  d$fill_percent <- 100 * d$cement_volume_cc / d$vertebral_volume_cc
  d$severity <- ifelse(d$leak == "no", 0, match(d$leak_size, c("punctate", "moderate", "massive")))
  d
}
books <- lapply(c(plain = "plain", normal = "normal", large = "large"), workbook)

# ---- proportional odds -----------------------------------------------------

TIGHT <- clm.control(gradTol = 1e-12, maxIter = 200L)

# Ends of the profile interval by root finding, not by interpolation.
profile_ends <- function(d, fit) {
  top <- as.numeric(logLik(fit)); b <- coef(fit)[["fill_percent"]]
  se <- sqrt(vcov(fit)["fill_percent", "fill_percent"])
  excess <- function(v) {
    d$fixed <- v * d$fill_percent
    2 * (top - as.numeric(logLik(clm(level ~ offset(fixed), data = d, control = TIGHT)))) - qchisq(0.95, 1)
  }
  c(uniroot(excess, c(b - 5 * se, b), tol = 1e-12)$root, uniroot(excess, c(b, b + 5 * se), tol = 1e-12)$root)
}

ordinal_model <- function(d) {
  d$level <- factor(d$severity)
  fit <- clm(level ~ fill_percent, data = d, control = TIGHT)
  null <- clm(level ~ 1, data = d, control = TIGHT)
  free <- clm(level ~ 1, nominal = ~ fill_percent, data = d, control = TIGHT)
  lr_free <- 2 * as.numeric(logLik(free) - logLik(fit)); df_free <- attr(logLik(free), "df") - attr(logLik(fit), "df")
  list(coef = as.list(coef(fit)), se = as.list(sqrt(diag(vcov(fit)))), loglik = as.numeric(logLik(fit)),
       profile = profile_ends(d, fit), lr = 2 * as.numeric(logLik(fit) - logLik(null)),
       lr_p = pchisq(2 * as.numeric(logLik(fit) - logLik(null)), 1, lower.tail = FALSE),
       nominal = list(lr = lr_free, df = df_free, p = pchisq(lr_free, df_free, lower.tail = FALSE),
                      gradient = max(abs(free$gradient))))
}

# ---- spline ----------------------------------------------------------------

spline_model <- function(d) {
  sharp <- glm.control(epsilon = 1e-14, maxit = 100)
  basis <- unclass(rms::rcs(d$fill_percent, 3))
  fit <- glm(leak ~ basis, binomial, data = d, control = sharp)
  line <- glm(leak ~ fill_percent, binomial, data = d, control = sharp)
  lr <- line$deviance - fit$deviance
  fill <- seq(min(d$fill_percent), max(d$fill_percent), length.out = 101)[c(1, 26, 51, 101)]
  x <- cbind(1, Hmisc::rcspline.eval(fill, attr(basis, "parms"), inclx = TRUE))
  logit <- drop(x %*% coef(fit)); se <- sqrt(rowSums((x %*% vcov(fit)) * x)); z <- qnorm(0.975)
  list(knots = unname(attr(basis, "parms")),
       curve = list(fill_percent = fill, risk = plogis(logit),
                    ci_low = plogis(logit - z * se), ci_high = plogis(logit + z * se)),
       coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), lr = lr,
       p = pchisq(lr, 1, lower.tail = FALSE))
}

# ---- risks -----------------------------------------------------------------

# Everybody's fill at `to` minus everybody's at `from`; then everybody's fill one point higher than it is.
risk_differences <- function(d) {
  fit <- glm(leak ~ fill_percent, binomial, data = d, control = glm.control(epsilon = 1e-14))
  v <- vcovCL(fit, cluster = d$patient, type = "HC0", cadjust = FALSE)
  b <- setNames(coef(fit), c("a", "b")); dimnames(v) <- list(names(b), names(b))
  at <- function(x) sprintf("1/(1+exp(-(a+b*%.15g)))", x)
  shifted <- paste(sprintf("%s-%s", at(d$fill_percent + 1), at(d$fill_percent)), collapse = "+")
  shifted <- paste0("(", shifted, ")/", nrow(d))
  pick <- function(g) { r <- car::deltaMethod(b, g, vcov. = v); list(estimate = r$Estimate, se = r$SE) }
  list(vcov_HC0 = unname(v), from_5_to_10 = pick(paste(at(10), "-", at(5))),
       from_10_to_30 = pick(paste(at(30), "-", at(10))), one_point = pick(shifted))
}

# ---- optimism, resampling patients -----------------------------------------

# By rms, whose means of the calibration do not settle, and by hand with medians of it.
optimism <- function(d) {
  set.seed(20240501)
  fit <- rms::lrm(leak ~ fill_percent, data = d, x = TRUE, y = TRUE)
  v <- as.data.frame(unclass(rms::validate(fit, B = 5000, cluster = d$patient)))
  full <- coef(glm(leak ~ fill_percent, binomial, data = d))
  own <- suppressWarnings(replicate(4000, {
    rows <- unlist(lapply(sample(unique(d$patient), replace = TRUE), function(p) which(d$patient == p)))
    again <- glm(leak ~ fill_percent, binomial, data = d[rows, ])
    b <- coef(again)
    perfect <- !again$converged || again$deviance < 1e-6
    if (perfect) c(NA, NA) else { slope <- full[2] / b[2]; c(-(full[1] - slope * b[1]), 1 - slope) }
  }))
  list(c = v["Dxy", "optimism"] / 2, brier = v["B", "optimism"], intercept = median(own[1, ], na.rm = TRUE),
       slope = median(own[2, ], na.rm = TRUE), separated = mean(is.na(own[1, ])))
}

# ---- relief ----------------------------------------------------------------

patients_of <- function(d) {
  p <- d[!duplicated(d$patient_id), ]
  p$fill <- as.numeric(tapply(d$fill_percent, d$patient_id, mean)[p$patient_id])
  p$leaking <- as.numeric(tapply(d$leak == "yes", d$patient_id, any)[p$patient_id])
  p
}

long_of <- function(p, score) {
  times <- intersect(paste0(score, c("_post", "_1m", "_1y")), names(p))
  do.call(rbind, lapply(times, function(t) data.frame(
    patient = p$patient_id, time = factor(t, levels = times), baseline = p[[paste0(score, "_pre")]],
    change = p[[t]] - p[[paste0(score, "_pre")]], fill = p$fill, leaking = p$leaking)))
}

relief <- function(d, score, predictor) {
  last <- na.omit(subset(long_of(patients_of(d), score), time == paste0(score, "_1y")))
  flat <- lm(as.formula(paste("change ~ baseline +", predictor)), data = last)
  list(ancova = list(n = nrow(last), coef = unname(coef(flat)), hc3 = unname(sqrt(diag(vcovHC(flat, type = "HC3")))),
                     classical = unname(sqrt(diag(vcov(flat))))))
}

# ---- two one-sided tests ---------------------------------------------------

one_sided <- function(d, margin) {
  p <- patients_of(d); change <- p$vas_1y - p$vas_pre
  yes <- change[p$leaking == 1]; no <- change[p$leaking == 0]
  both <- t.test(yes, no, var.equal = TRUE, conf.level = 0.90)
  list(estimate = unname(both$estimate[1] - both$estimate[2]), se = both$stderr, df = unname(both$parameter),
       low = both$conf.int[1], high = both$conf.int[2],
       p_above_lower = t.test(yes, no, var.equal = TRUE, mu = -margin, alternative = "greater")$p.value,
       p_below_upper = t.test(yes, no, var.equal = TRUE, mu = margin, alternative = "less")$p.value)
}

# ---- all -------------------------------------------------------------------

cases <- function(f, scores) {
  out <- list()
  for (b in names(books)) for (s in scores) for (x in c("fill", "leaking")) out[[paste(b, s, x)]] <- f(books[[b]], s, x)
  out
}

answers <- list(
  versions = list(R = paste(R.version$major, R.version$minor, sep = "."),
                  packages = as.list(sapply(c("ordinal", "rms", "sandwich", "car"),
                                            function(p) as.character(packageVersion(p))))),
  ordinal = list(synthetic41 = ordinal_model(synthetic), normal = ordinal_model(books$normal),
                 large = ordinal_model(books$large)),
  spline = list(synthetic41 = spline_model(synthetic),
                large = spline_model(transform(books$large, leak = as.numeric(leak == "yes")))),
  risk = risk_differences(synthetic),
  optimism = optimism(synthetic),
  relief = cases(relief, c("vas", "odi")),
  one_sided = lapply(books, one_sided, margin = 1.5)
)
write(toJSON(answers, auto_unbox = TRUE, digits = NA, pretty = 1, na = "null"), file.path(here, "others.json"))
