# Oracle values for the paper's conclusions, from R's own routines.
# Run: Rscript tests/reference/conclusions.R
# Writes conclusions.json beside it.  Needs base R (stats) and jsonlite.

options(warn = 2)
library(jsonlite)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1]))

of_counts <- function(k, n) fisher.test(matrix(c(15, 26, k, n - k), 2, byrow = TRUE))$p.value
printing <- function(n) { k <- 0:n; k[abs(100 * k / n - 88) <= 0.5 + 1e-12] }
over <- function(n) range(sapply(printing(n), of_counts, n = n))
ns <- Filter(function(n) length(printing(n)) > 0, 1:422)

one_sample <- function(m, s, n, mu) 2 * pt(abs(m - mu) / (s / sqrt(n)), n - 1, lower.tail = FALSE)
corners <- outer(c(1.95, 2.05), c(0.75, 0.85), Vectorize(function(m, s) one_sample(m, s, 41, 3)))

write_json(list(
  binomial = binom.test(15, 41, 0.88)$p.value,
  fisher = list("8" = over(8), "25" = over(25), "100" = over(100), "423" = over(423)),
  greatest = max(sapply(ns, function(n) over(n)[2])),
  cement = range(corners)
), file.path(here, "conclusions.json"), auto_unbox = TRUE, digits = NA, pretty = TRUE)
