# Oracle values of the area under the curve with its interval for clustered rows (Obuchowski 1997), by plain pairs, and
# of the calibration in the large of a given model.
# Run: Rscript tests/reference/regression/concordance.R
# Reads synthetic41.csv and writes concordance.json beside this file.  Base R alone.

options(warn = 2, stringsAsFactors = FALSE)
flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))
d <- read.csv(file.path(here, "synthetic41.csv"))

kernel <- outer(d$fill[d$leak == 1], d$fill[d$leak == 0], function(a, b) (a > b) + (a == b) / 2)
theta <- mean(kernel)
patients <- unique(d$patient)
total <- function(parts, who) vapply(patients, function(p) sum(parts[who == p] - theta), 0)
with_leak <- total(rowMeans(kernel), d$patient[d$leak == 1])
without <- total(colMeans(kernel), d$patient[d$leak == 0])
n1 <- sum(d$leak == 1); n0 <- sum(d$leak == 0); all <- length(patients)
i1 <- length(unique(d$patient[d$leak == 1])); i0 <- length(unique(d$patient[d$leak == 0]))
s10 <- i1 / ((i1 - 1) * n1) * sum(with_leak^2)
s01 <- i0 / ((i0 - 1) * n0) * sum(without^2)
s11 <- all / (all - 1) * sum(with_leak * without)
se <- sqrt(s10 / n1 + s01 / n0 + 2 * s11 / (n1 * n0))
ends <- plogis(qlogis(theta) + c(-1, 1) * qnorm(0.975) * se / (theta * (1 - theta)))

# A model that is too steep, applied to these rows.
odds <- -2 + 0.2 * 100 * d$fill
large <- unname(coef(glm(d$leak ~ offset(odds), family = binomial, control = glm.control(epsilon = 1e-14))))

writeLines(sprintf('{"R": "%s", "c": %.15g, "se": %.15g, "low": %.15g, "high": %.15g, "in_the_large": %.15g}',
                   as.character(getRversion()), theta, se, ends[1], ends[2], large), file.path(here, "concordance.json"))
