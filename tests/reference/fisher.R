# Oracle values for Fisher's exact test of tables with more ways to be drawn than 64 bits count.
# Run: Rscript tests/reference/fisher.R
# Writes fisher.json beside it.  Needs base R (stats) and jsonlite.
# Each table is told by its two rows.  R merges weights that lie within 1e-7 of each other.

options(warn = 2)
library(jsonlite)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1]))

tables <- list(
  three = list(c(16, 10, 7), c(16, 10, 7)),
  four = list(c(40, 30, 50, 12), c(20, 35, 60, 33)),
  six = list(c(10, 6, 7, 10, 4, 6), c(4, 7, 11, 5, 7, 7)),
  nine = list(c(14, 7, 10, 7, 5, 13, 5, 8, 10), c(6, 2, 11, 9, 11, 2, 8, 4, 6)),
  seventeen = list(c(14, 10, 11, 10, 10, 9, 9, 8, 9, 10, 16, 6, 10, 10, 13, 4, 17),
                   c(6, 7, 11, 5, 6, 8, 9, 8, 7, 6, 7, 9, 6, 10, 6, 7, 6))
)
write_json(lapply(tables, function(t) list(rows = t, p = fisher.test(do.call(rbind, t), workspace = 2e8)$p.value)),
           file.path(here, "fisher.json"), auto_unbox = TRUE, digits = NA, pretty = TRUE)
