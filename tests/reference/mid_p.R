# Oracle values of the mid-p of two-by-two tables, each from Fisher's p and the chance of the table, as R gives them.
# Run: Rscript tests/reference/mid_p.R
# Writes mid_p.json beside it.  Needs jsonlite.

suppressPackageStartupMessages(library(jsonlite))

flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

tables <- list(c(8, 11, 30, 23), c(3, 0, 4, 9), c(5, 5, 5, 5), c(0, 7, 10, 3), c(1, 12, 14, 2), c(10, 4, 3, 9))

told <- lapply(tables, function(cells) {
  counts <- matrix(cells, 2)
  fisher <- function(side) fisher.test(counts, alternative = side)$p.value
  chance <- function(corner) dhyper(corner, sum(counts[, 1]), sum(counts[, 2]), sum(counts[1, ]))
  own <- chance(counts[1, 1])
  every <- chance(0:sum(counts))
  ties <- sum(every[abs(every - own) <= 1e-7 * own])
  less <- fisher("less") - own / 2
  greater <- fisher("greater") - own / 2
  list(table = counts, less = less, greater = greater, doubled = min(1, 2 * min(less, greater)),
       by_likelihood = fisher("two.sided") - ties / 2, of_fisher = fisher("two.sided") - own / 2)
})
write_json(list(version = R.version.string, tables = told), file.path(here, "mid_p.json"), auto_unbox = TRUE,
           digits = 15, pretty = TRUE)
