# Oracle values of whether the ratio is the predictor: logarithms of cement and volume, fill within and between patients.
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
    fill_contrast = wald(c(0, 1, -1), coef(apart), cr2(apart, d$patient), df)
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
