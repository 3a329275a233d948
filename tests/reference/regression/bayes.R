# Posterior of the hierarchical logistic model from long chains of JAGS.
# Run: Rscript tests/reference/regression/bayes.R   (some minutes)
# Reads synthetic41.csv and writes bayes.json beside this file.
# Needs JAGS, rjags and jsonlite.  The spread between independent chains gives the Monte Carlo errors.

options(warn = 2, stringsAsFactors = FALSE)
suppressPackageStartupMessages({
  library(rjags)
  library(jsonlite)
})
load.module("glm", quiet = TRUE)

flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

CHAINS <- 24
BURN_IN <- 5000
DRAWS <- 60000

MODEL <- "
model {
  for (j in 1:n) {
    y[j] ~ dbern(p[j])
    logit(p[j]) <- centre + gamma * z[j] + u[patient[j]]
  }
  for (i in 1:k) { u[i] ~ dnorm(0, 1 / pow(sd_patient, 2)) }
  centre ~ dnorm(0, 1 / pow(prior[1], 2))
  gamma ~ dnorm(0, 1 / pow(prior[2], 2))
  sd_patient ~ dnorm(0, 1 / pow(prior[3], 2)) T(0,)
}"

# Every patient's vertebrae have one outcome, and a fill of 20 parts the outcomes.
separated <- data.frame(patient = rep(1:6, each = 2), fill = c(12, 15, 14, 19, 11, 17, 21, 26, 24, 30, 23, 28),
                        leak = rep(c(0, 1), each = 6))
study <- read.csv(file.path(here, "synthetic41.csv"))
study$fill <- 100 * study$fill

posterior <- function(d, prior) {
  centre <- mean(d$fill)
  spread <- sqrt(mean((d$fill - centre)^2))
  patient <- as.integer(factor(d$patient))
  data <- list(y = d$leak, z = (d$fill - centre) / spread, patient = patient, n = nrow(d), k = max(patient),
               prior = prior)
  start <- lapply(seq_len(CHAINS), function(i) {
    list(.RNG.name = "base::Mersenne-Twister", .RNG.seed = i, centre = 0, gamma = 1, sd_patient = 1)
  })
  model <- jags.model(textConnection(MODEL), data, start, n.chains = CHAINS, quiet = TRUE)
  update(model, BURN_IN, progress.bar = "none")
  chains <- coda.samples(model, c("centre", "gamma", "sd_patient"), DRAWS, progress.bar = "none")
  each <- sapply(chains, function(m) {
    slope <- m[, "gamma"] / spread
    draws <- list(intercept = m[, "centre"] - slope * centre, fill_percent = slope, sd_patient = m[, "sd_patient"])
    c(sapply(draws, function(v) c(mean(v), sd(v), quantile(v, c(0.025, 0.5, 0.975)))), mean(slope > 0))
  })
  names <- c(outer(c("mean", "sd", "q025", "q500", "q975"), c("intercept", "fill_percent", "sd_patient"),
                   function(a, b) paste(b, a, sep = ".")), "p_positive")
  list(d = d, prior = prior, value = as.list(setNames(rowMeans(each), names)),
       mc_error = as.list(setNames(apply(each, 1, sd) / sqrt(CHAINS), names)))
}

result <- list(
  software = list(R = paste(R.version$major, R.version$minor, sep = "."),
                  rjags = as.character(packageVersion("rjags")), jags = as.character(jags.version()),
                  chains = CHAINS, draws_a_chain = DRAWS),
  synthetic41 = posterior(study, c(2.5, 2.5, 2.5)),
  synthetic41_narrow = posterior(study, c(1, 1, 1)),
  separated = posterior(separated, c(2.5, 2.5, 2.5))
)
write_json(result, file.path(here, "bayes.json"), digits = NA, auto_unbox = TRUE, pretty = TRUE, dataframe = "columns")
