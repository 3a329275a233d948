# Oracle values of the change over time: mixed model with the predictor at each time, by nlme.
# Run: Rscript tests/reference/regression/relief.R
# Reads ../workbooks/*.csv and writes relief.json beside this file.  R with its recommended packages; any warning stops it.

options(warn = 2, stringsAsFactors = FALSE)
library(nlme)
flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

long_of <- function(name, score) {
  d <- read.csv(file.path(here, "..", "workbooks", paste0(name, ".csv")), fileEncoding = "UTF-8-BOM", na.strings = "")
  d$fill_percent <- 100 * d$cement_volume_cc / d$vertebral_volume_cc
  p <- d[!duplicated(d$patient_id), ]
  p$fill <- as.numeric(tapply(d$fill_percent, d$patient_id, mean)[p$patient_id])
  p$leaking <- as.numeric(tapply(d$leak == "yes", d$patient_id, any)[p$patient_id])
  times <- c("post", "1m", "1y")
  times <- times[paste0(score, "_", times) %in% names(p)]
  na.omit(do.call(rbind, lapply(times, function(at) data.frame(
    patient = p$patient_id, time = factor(at, levels = times), baseline = p[[paste0(score, "_pre")]],
    change = p[[paste0(score, "_", at)]] - p[[paste0(score, "_pre")]], fill = p$fill, leaking = p$leaking))))
}

TIGHT <- lmeControl(opt = "optim", maxIter = 500, msMaxIter = 2000, tolerance = 1e-14, msTol = 1e-16, reltol = 1e-16)

answers <- function(name, score, predictor) {
  long <- long_of(name, score)
  long$x <- long[[predictor]]
  # Each time in its turn is the one whose coefficient stands alone.
  fits <- lapply(levels(long$time), function(at) {
    long$time <- relevel(long$time, ref = at)
    lme(change ~ baseline + time * x, random = ~ 1 | patient, data = long, method = "REML", control = TIGHT)
  })
  alone <- lapply(fits, function(fit) summary(fit)$tTable["x", c("Value", "Std.Error", "DF", "p-value")])
  names(alone) <- levels(long$time)
  last <- anova(fits[[1]], type = "marginal")["time:x", ]
  c(alone, list(by_time = c(last[["numDF"]], last[["denDF"]], last[["F-value"]], last[["p-value"]])))
}

cases <- list()
for (name in c("plain", "normal", "large")) for (score in c("vas", "odi")) for (predictor in c("fill", "leaking")) {
  cases[[paste(name, score, predictor)]] <- answers(name, score, predictor)
}
entry <- function(name, values) sprintf('"%s": [%s]', name, paste(sprintf("%.15g", values), collapse = ", "))
parts <- vapply(names(cases), function(case) {
  sprintf('  "%s": {\n    %s\n  }', case, paste(mapply(entry, names(cases[[case]]), cases[[case]]), collapse = ",\n    "))
}, "")
writeLines(sprintf("{\n%s\n}", paste(parts, collapse = ",\n")), file.path(here, "relief.json"))
