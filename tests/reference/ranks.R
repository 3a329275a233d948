# Oracle values of the exact permutation test of two rank sums with ties, from two R packages.
# Run: Rscript tests/reference/ranks.R
# Writes ranks.json beside it.  Needs jsonlite, coin and exactRankTests.

suppressPackageStartupMessages({library(jsonlite); library(coin); library(exactRankTests)})

flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

groups <- list(
  list(first = c(1, 1, 2, 3, 3, 5, 8), second = c(1, 3, 3, 5, 5, 8, 8, 9)),
  list(first = c(0, 1, 2, 3, 3, 3, 4, 4, 4), second = c(0, 1, 1, 2, 2, 4, 4, 5)),
  list(first = c(1, 2, 3, 4), second = c(3, 4, 5, 6, 7)),
  list(first = c(1, 1, 1, 1, 1, 2), second = c(1, 1, 5)),
  list(first = rep(c(7, 8, 9, 10), c(6, 8, 9, 3)), second = rep(c(5, 8, 9, 10), c(3, 5, 6, 1))))

told <- lapply(groups, function(g) {
  d <- data.frame(x = c(g$first, g$second), g = factor(rep(c("a", "b"), c(length(g$first), length(g$second)))))
  p <- function(side) as.numeric(pvalue(wilcox_test(x ~ g, d, distribution = exact(), alternative = side)))
  # Kruskal-Wallis by its definition, the ties left uncorrected.
  r <- rank(d$x); n <- length(r); sums <- tapply(r, d$g, sum); sizes <- table(d$g)
  h <- 12 / (n * (n + 1)) * sum(sums^2 / sizes) - 3 * (n + 1)
  u <- sums[["a"]] - sizes[["a"]] * (sizes[["a"]] + 1) / 2
  sd <- sqrt(prod(sizes) * (n + 1) / 12)
  z <- max(0, abs(u - prod(sizes) / 2) - 0.5) / sd
  other <- wilcox.exact(g$first, g$second)$p.value
  stopifnot(abs(other - p("two.sided")) < 1e-9)
  list(first = g$first, second = g$second, u = u, less = p("less"), greater = p("greater"), distance = p("two.sided"),
       kruskal_uncorrected = pchisq(h, 1, lower.tail = FALSE), mann_whitney_uncorrected = 2 * pnorm(-z))
})
write_json(list(versions = list(r = R.version.string, coin = as.character(packageVersion("coin")),
                                exactRankTests = as.character(packageVersion("exactRankTests"))), ranks = told),
           file.path(here, "ranks.json"), auto_unbox = TRUE, digits = 15, pretty = TRUE)
