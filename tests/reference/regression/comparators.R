# Oracle values for leak rates beside those of other series, from R's own routines.
# Run: Rscript tests/reference/regression/comparators.R
# Reads synthetic41.csv beside this file and writes comparators.json beside it.
# Needs base R (stats) and jsonlite.

options(warn = 2, stringsAsFactors = FALSE)
library(jsonlite)

flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

exact <- function(x, n, conf = 0.95) {
  list(events = x, n = n, alpha = 1 - conf, ends = 100 * as.numeric(binom.test(x, n, conf.level = conf)$conf.int))
}

# Newcombe's method 10: the Wilson limits of both proportions, squared and added.
wilson <- function(x, n) as.numeric(suppressWarnings(prop.test(x, n, correct = FALSE))$conf.int)
pair <- function(a, m, b, n) {
  p <- a / m; q <- b / n; u <- wilson(a, m); v <- wilson(b, n)
  list(first = c(a, m), second = c(b, n), difference = 100 * (p - q),
       low = 100 * (p - q - sqrt((p - u[1])^2 + (v[2] - q)^2)),
       high = 100 * (p - q + sqrt((u[2] - p)^2 + (q - v[1])^2)),
       p = fisher.test(matrix(c(a, m - a, b, n - b), 2))$p.value)
}

clustered <- function(y, id, alpha = 0.05) {
  id <- factor(id); n <- length(y); size <- as.numeric(table(id)); k <- length(size)
  squares <- summary(aov(y ~ id))[[1]][["Mean Sq"]]
  size0 <- (n - sum(size^2) / n) / (k - 1)
  icc <- (squares[1] - squares[2]) / (squares[1] + (size0 - 1) * squares[2])
  deff <- 1 + (sum(size^2) / n - 1) * max(icc, 0)
  effective <- n / deff * (qt(1 - alpha / 2, n - 1) / qt(1 - alpha / 2, k - 1))^2
  x <- mean(y) * effective
  list(icc = icc, design_effect = deff, n_effective = effective,
       ends = 100 * c(qbeta(alpha / 2, x, effective - x + 1), qbeta(1 - alpha / 2, x + 1, effective - x)))
}

d <- read.csv(file.path(here, "synthetic41.csv"))
toy <- data.frame(y = c(1, 1, 1, 0, 0, 0, 0, 1, 0, 0), id = c(1, 1, 1, 2, 2, 2, 3, 4, 4, 5))
out <- list(
  R = R.version.string,
  exact = list(exact(15, 41), exact(0, 41), exact(41, 41), exact(3, 7, 0.9)),
  pairs = list(pair(15, 41, 64, 80), pair(15, 41, 150, 374), pair(15, 41, 604, 2689), pair(15, 41, 30, 30)),
  synthetic41 = clustered(d$leak, d$patient),
  toy = c(list(y = toy$y, cluster = toy$id - 1), clustered(toy$y, toy$id)))
write(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), file.path(here, "comparators.json"))
