# Oracle values for the likelihood models of independent vertebrae: leak on fill_percent.
# Run: Rscript tests/reference/regression/likelihood.R
# Reads synthetic41.csv beside this file and ../workbooks/*.csv, and writes likelihood.json beside it.
# Needs base R, MASS, brglm2, survival and jsonlite.  Any warning stops it.
#
# ml       glm; likelihood-ratio p; limits by uniroot on the deviance; mass_* are the spline limits of confint.
# firth    brglm2 for the coefficients; penalised likelihood ratio and its limits by uniroot, the penalty on the
#          information of both coefficients; se from the information augmented by the leverages, as logistf has it.
# clogit   survival::clogit, exact method, all rows in one stratum: the conditional maximum on unrounded fill.
# exact    conditional distribution of the sum of fill over the leaks, fill rounded half up to `digits` decimals.

options(warn = 2, stringsAsFactors = FALSE)
suppressPackageStartupMessages({
  library(jsonlite)
  library(MASS)
  library(brglm2)
  library(survival)
})

flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))
CRITICAL <- qchisq(0.95, 1)

# ---- reading ---------------------------------------------------------------

canonical <- function(name) {
  d <- read.csv(file.path(here, "..", "workbooks", name), fileEncoding = "UTF-8-BOM")
  data.frame(x = 100 * d$cement_volume_cc / d$vertebral_volume_cc, y = as.numeric(d$leak == "yes"))
}

spanish <- function(name) {
  d <- read.csv(file.path(here, "..", "workbooks", name), sep = ";", dec = ",", encoding = "latin1", check.names = FALSE)
  data.frame(x = 100 * d[[7]] / d[[6]], y = as.numeric(d[[8]] != "No"))
}

synthetic <- function(name) {
  d <- read.csv(file.path(here, name))
  data.frame(x = 100 * d$fill, y = d$leak)
}

# ---- limits ----------------------------------------------------------------

# Where a deviance that is nought at `at` reaches the critical value, below and above.
limits <- function(deviance, at, se) {
  excess <- function(b) deviance(b) - CRITICAL
  root <- function(ends, which) {
    uniroot(excess, ends, extendInt = which, tol = 1e-12, maxiter = 1000)$root
  }
  c(low = root(c(at - 3 * se, at), "downX"), high = root(c(at, at + 3 * se), "upX"))
}

# ---- maximum likelihood ----------------------------------------------------

ml <- function(d) {
  control <- glm.control(epsilon = 1e-14, maxit = 100)
  g <- glm(y ~ x, binomial, d, control = control)
  held <- list(
    function(b) glm(y ~ 0 + x, binomial, d, offset = rep(b, nrow(d)), control = control)$deviance,
    function(b) glm(y ~ 1, binomial, d, offset = b * x, control = control)$deviance)
  spline <- suppressMessages(confint(g))
  se <- sqrt(diag(vcov(g)))
  lapply(1:2, function(j) {
    deviance <- function(b) held[[j]](b) - g$deviance
    c(list(coef = coef(g)[[j]], se = se[[j]], p = pchisq(deviance(0), 1, lower.tail = FALSE)),
      as.list(limits(deviance, coef(g)[[j]], se[[j]])), mass_low = spline[j, 1], mass_high = spline[j, 2])
  })
}

# ---- Firth -----------------------------------------------------------------

firth <- function(d) {
  m <- cbind(1, d$x)
  parts <- function(b) {
    p <- plogis(drop(m %*% b))
    w <- p * plogis(-drop(m %*% b))
    information <- crossprod(m, w * m)
    h <- w * rowSums((m %*% solve(information)) * m)
    list(score = drop(crossprod(m, d$y - p + h * (0.5 - p))), augmented = crossprod(m, (1 + h) * w * m),
         value = sum(plogis((2 * d$y - 1) * drop(m %*% b), log.p = TRUE)) + 0.5 * log(det(information)))
  }
  g <- brglm(d)
  se <- sqrt(diag(solve(parts(g)$augmented)))
  # The free coefficient that makes its score nought when the other is held.
  held <- function(j, b) {
    full <- function(free) if (j == 1) c(b, free) else c(free, b)
    spread <- c(0.5, 10)[j]
    near <- g[3 - j] - (b - g[j]) * c(1 / mean(d$x), mean(d$x))[j]
    free <- uniroot(function(f) parts(full(f))$score[3 - j], near + c(-spread, spread), extendInt = "downX",
                    tol = 1e-13, maxiter = 1000)$root
    parts(full(free))$value
  }
  top <- parts(g)$value
  lapply(1:2, function(j) {
    deviance <- function(b) 2 * (top - held(j, b))
    c(list(coef = g[[j]], se = se[[j]], p = pchisq(deviance(0), 1, lower.tail = FALSE)),
      as.list(limits(deviance, g[[j]], se[[j]])))
  })
}

brglm <- function(d) {
  coef(glm(y ~ x, binomial, d, method = "brglmFit", type = "AS_mean", epsilon = 1e-13, maxit = 1000))
}

# ---- exact -----------------------------------------------------------------

conditional <- function(d) {
  g <- clogit(y ~ x, d, method = "exact", control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100))
  list(coef = coef(g)[[1]], se = sqrt(vcov(g)[1, 1]))
}

exact <- function(d, digits) {
  step <- 10^-digits
  z <- floor(d$x / step + 0.5)
  z <- z - min(z)
  k <- sum(d$y)
  top <- sum(sort(z, decreasing = TRUE)[1:k])
  count <- matrix(0, top + 1, k + 1)
  count[1, 1] <- 1
  for (v in z) {
    for (j in k:1) {
      count[(v + 1):(top + 1), j + 1] <- count[(v + 1):(top + 1), j + 1] + count[1:(top + 1 - v), j]
    }
  }
  support <- 0:top
  base <- log(count[, k + 1])
  prob <- function(b) {
    v <- base + b * step * (support - observed)
    v <- exp(v - max(v))
    v / sum(v)
  }
  observed <- sum(z[d$y == 1])
  above <- function(b) sum(prob(b)[support >= observed])
  below <- function(b) sum(prob(b)[support <= observed])
  root <- function(f) uniroot(f, c(-0.1, 0.5), extendInt = "yes", tol = 1e-14, maxiter = 1000)$root
  b <- root(function(b) sum(support * prob(b)) - observed)
  list(digits = digits, coef = b, se = 1 / (step * sqrt(sum((support - observed)^2 * prob(b)))),
       p = min(1, 2 * above(0), 2 * below(0)),
       low = root(function(b) above(b) - 0.025), high = root(function(b) below(b) - 0.025))
}

# ---- writing ---------------------------------------------------------------

study <- function(d, digits) {
  list(n = nrow(d), events = sum(d$y), ml = ml(d), firth = firth(d), clogit = conditional(d), exact = exact(d, digits))
}

packages <- sapply(c("MASS", "brglm2", "survival", "jsonlite"), function(p) as.character(packageVersion(p)))
result <- list(
  meta = list(r = R.version.string, packages = as.list(packages), predictor = "fill_percent, percent", alpha = 0.05,
              terms = c("intercept", "fill_percent")),
  studies = list(synthetic41 = study(synthetic("synthetic41.csv"), 1), plain = study(canonical("plain.csv"), 1),
                 spanish = study(spanish("spanish.csv"), 1), large = study(canonical("large.csv"), 0),
                 normal = study(canonical("normal.csv"), 1)))
write_json(result, file.path(here, "likelihood.json"), auto_unbox = TRUE, digits = I(16), pretty = 1)
