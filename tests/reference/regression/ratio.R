# Oracle values of whether the ratio is the predictor: logarithms of cement and volume, fill within and between patients.
# And of the errors, with patients as clusters, of the log odds of a leak by a spline and by FLIC.
# Run: Rscript tests/reference/regression/ratio.R
# Reads ../workbooks/*.csv and writes ratio.json beside this file.  Base R alone; any warning stops it.

options(warn = 2, stringsAsFactors = FALSE)
flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

workbook <- function(name) {
  d <- read.csv(file.path(here, "..", "workbooks", paste0(name, ".csv")), fileEncoding = "UTF-8-BOM", na.strings = "")
  d <- data.frame(patient = d$patient_id, volume = d$vertebral_volume_cc, cement = d$cement_volume_cc,
                  leak = as.numeric(d$leak == "yes"))
  d <- d[complete.cases(d), ]
  d$fill <- 100 * d$cement / d$volume
  d$between <- ave(d$fill, d$patient)
  d$within <- d$fill - d$between
  d
}

# CR2 of Bell and McCaffrey (2002) as Pustejovsky and Tipton (2018) write it, for a working variance V: with D the
# square root of V, A = D (D (I - H) V D)^-1/2 D, the symmetric root.
cr2 <- function(fit, patient) {
  x <- model.matrix(fit)
  p <- fitted(fit)
  v <- p * (1 - p)
  bread <- solve(t(x) %*% (x * v))
  meat <- matrix(0, ncol(x), ncol(x))
  for (rows in split(seq_along(p), patient)) {
    xi <- x[rows, , drop = FALSE]
    vi <- diag(v[rows], length(rows))
    d <- sqrt(vi)
    inner <- d %*% (vi - vi %*% xi %*% bread %*% t(xi) %*% vi) %*% d
    e <- eigen((inner + t(inner)) / 2, symmetric = TRUE)
    a <- d %*% e$vectors %*% diag(1 / sqrt(e$values), length(rows)) %*% t(e$vectors) %*% d
    score <- t(xi) %*% a %*% (fit$y[rows] - p[rows])
    meat <- meat + score %*% t(score)
  }
  bread %*% meat %*% bread
}

# Log odds at fills of 5, 10 and 15%, and their errors.
at_fills <- function(fit, patient, columns) {
  x <- cbind(1, columns(c(5, 10, 15)))
  c(drop(x %*% fit$coefficients), sqrt(rowSums((x %*% cr2(fit, patient)) * x)))
}

# Harrell's restricted cubic spline with three knots.
spline <- function(fill) {
  k <- quantile(fill, c(0.1, 0.5, 0.9), names = FALSE)
  cube <- function(x, knot) pmax(x - knot, 0)^3
  function(x) cbind(x, (cube(x, k[1]) - cube(x, k[2]) * (k[3] - k[1]) / (k[3] - k[2]) +
                        cube(x, k[3]) * (k[2] - k[1]) / (k[3] - k[2])) / (k[3] - k[1])^2)
}

# Firth (1993) by his modified score, then the intercept fitted anew to the slope (Puhr and others, 2017).
flic <- function(d) {
  x <- cbind(1, d$fill)
  b <- c(0, 0)
  for (step in 1:500) {
    p <- plogis(drop(x %*% b))
    inverse <- solve(t(x) %*% (x * p * (1 - p)))
    h <- p * (1 - p) * rowSums((x %*% inverse) * x)
    b <- b + drop(inverse %*% t(x) %*% (d$leak - p + h * (0.5 - p)))
  }
  fit <- glm(leak ~ fill, binomial, d)
  fit$coefficients <- c(uniroot(function(a) sum(d$leak - plogis(a + b[2] * d$fill)), c(-50, 50), tol = 1e-14)$root, b[2])
  fit$fitted.values <- plogis(drop(x %*% fit$coefficients))
  fit
}

wald <- function(weights, b, s, df) {
  se <- sqrt(drop(t(weights) %*% s %*% weights))
  est <- sum(weights * b)
  c(est, se, 2 * pt(-abs(est / se), df))
}

answers <- function(name) {
  d <- workbook(name)
  control <- glm.control(epsilon = 1e-14, maxit = 100)
  logs <- glm(leak ~ log2(cement) + log2(volume), binomial, d, control = control)
  one <- glm(leak ~ log2(cement / volume), binomial, d, control = control)
  both <- c(0, 1, 1)
  apart <- glm(leak ~ between + within, binomial, d, control = control)
  df <- length(unique(d$patient)) - 3
  bend <- spline(d$fill)
  bent <- glm(leak ~ bend(fill), binomial, d, control = control)
  list(
    log_cement = c(coef(logs)[2], sqrt(vcov(logs)[2, 2])),
    log_volume = c(coef(logs)[3], sqrt(vcov(logs)[3, 3])),
    log_both = c(sum(both * coef(logs)), sqrt(drop(t(both) %*% vcov(logs) %*% both)),
                 pchisq(deviance(one) - deviance(logs), 1, lower.tail = FALSE)),
    gee_log_cement = wald(c(0, 1, 0), coef(logs), cr2(logs, d$patient), df),
    gee_log_volume = wald(c(0, 0, 1), coef(logs), cr2(logs, d$patient), df),
    gee_log_both = wald(both, coef(logs), cr2(logs, d$patient), df),
    fill_between = wald(c(0, 1, 0), coef(apart), cr2(apart, d$patient), df),
    fill_within = wald(c(0, 0, 1), coef(apart), cr2(apart, d$patient), df),
    fill_contrast = wald(c(0, 1, -1), coef(apart), cr2(apart, d$patient), df),
    curve_spline = at_fills(bent, d$patient, bend),
    curve_flic = at_fills(flic(d), d$patient, identity)
  )
}

books <- c("plain", "normal", "large")
entry <- function(name, values) sprintf('"%s": [%s]', name, paste(sprintf("%.15g", values), collapse = ", "))
parts <- vapply(books, function(name) {
  found <- answers(name)
  sprintf('  "%s": {\n    %s\n  }', name, paste(mapply(entry, names(found), found), collapse = ",\n    "))
}, "")
version <- sprintf('  "R": "%s"', as.character(getRversion()))
writeLines(sprintf("{\n%s\n}", paste(c(version, parts), collapse = ",\n")), file.path(here, "ratio.json"))
