# Oracle values for the Python tests, from R's own routines.
# Run: Rscript tests/reference/oracle.R
# Reads workbooks/*.csv beside this file and writes oracle.json beside it.
# Needs base R (stats) and jsonlite.  Any warning stops it, save those quieted by name below.

options(warn = 2, stringsAsFactors = FALSE)
library(jsonlite)

flag <- grep("^--file=", commandArgs(FALSE), value = TRUE)
here <- dirname(sub("^--file=", "", flag[1]))

LEVELS <- c(paste0("T", 1:12), paste0("L", 1:5))
VOLUMES <- c("vertebral_volume_cc", "cement_volume_cc", "fill_percent")
SCORES <- c("vas_pre", "vas_post", "vas_1m", "vas_1y", "odi_pre", "odi_post", "odi_1m", "odi_1y")

# ---- reading ---------------------------------------------------------------

read_canonical <- function(name) {
  read.csv(file.path(here, "workbooks", name), fileEncoding = "UTF-8-BOM", na.strings = "",
           colClasses = c(sex = "character"))
}

# Non-ASCII text is written as \u escapes so that the script does not depend on the locale.
SPANISH_HEADERS <- c(
  "Paciente" = "patient_id", "Sexo" = "sex", "Edad" = "age_years", "Causa" = "cause", "Nivel" = "level",
  "Volumen vertebral (cc)" = "vertebral_volume_cc", "Cemento inyectado (cc)" = "cement_volume_cc",
  "Fuga" = "leak", "Localizaci\u00f3n de la fuga" = "leak_site", "Tama\u00f1o de la fuga" = "leak_size",
  "EAV previa" = "vas_pre", "EAV post" = "vas_post", "EAV 1 mes" = "vas_1m", "EAV 1 a\u00f1o" = "vas_1y",
  "Oswestry previo" = "odi_pre", "Oswestry 1 a\u00f1o" = "odi_1y")
SPANISH_FROM <- list(
  sex = c("Mujer", "Var\u00f3n"), cause = c("Osteoporosis", "Artritis reumatoide"), leak = c("No", "S\u00ed"),
  leak_site = c("Posterior", "Lateral", "Anterior", "Vascular", "Disco"),
  leak_size = c("Puntual", "Moderada", "Masiva"))
SPANISH_TO <- list(
  sex = c("F", "M"), cause = c("osteoporosis", "rheumatoid_arthritis"), leak = c("no", "yes"),
  leak_site = c("posterior", "lateral", "anterior", "vascular", "disc"),
  leak_size = c("punctate", "moderate", "massive"))

read_spanish <- function(name) {
  d <- read.csv(file.path(here, "workbooks", name), sep = ";", encoding = "latin1", na.strings = "",
                check.names = FALSE, colClasses = "character")
  at <- match(enc2utf8(names(d)), names(SPANISH_HEADERS))
  stopifnot(!anyNA(at), length(at) == length(SPANISH_HEADERS))
  names(d) <- unname(SPANISH_HEADERS)[at]
  for (v in names(SPANISH_FROM)) {
    code <- match(enc2utf8(d[[v]]), SPANISH_FROM[[v]])
    stopifnot(identical(is.na(code), is.na(d[[v]])))
    d[[v]] <- SPANISH_TO[[v]][code]
  }
  for (v in c("age_years", "vertebral_volume_cc", "cement_volume_cc", intersect(SCORES, names(d)))) {
    d[[v]] <- as.numeric(sub(",", ".", d[[v]], fixed = TRUE))
  }
  d
}

prepare <- function(d) {
  stopifnot(d$leak %in% c("no", "yes"), d$sex %in% c("F", "M"), d$level %in% LEVELS)
  d$fill_percent <- 100 * d$cement_volume_cc / d$vertebral_volume_cc
  d$leak <- factor(d$leak, levels = c("no", "yes"))
  d$sex <- factor(d$sex, levels = c("F", "M"))
  d$level <- factor(d$level, levels = LEVELS)
  d$region <- factor(ifelse(substr(d$level, 1, 1) == "T", "thoracic", "lumbar"), levels = c("thoracic", "lumbar"))
  d
}

# ---- numbers ---------------------------------------------------------------

describe <- function(x) {
  x <- x[!is.na(x)]
  q <- unname(quantile(x, c(0.25, 0.5, 0.75), type = 7))
  list(n = length(x), mean = mean(x), sd = sd(x), min = min(x), max = max(x), median = median(x), q1 = q[1], q3 = q[3])
}

one_group <- function(x) {
  s <- shapiro.test(x)
  list(n = length(x), mean = mean(x), sd = sd(x), shapiro = list(w = unname(s$statistic), p = s$p.value))
}

# Noncentrality at which the observed t sits at cumulative probability `at`.
ncp_at <- function(t, df, at) {
  uniroot(function(ncp) pt(t, df, ncp) - at, c(t - 5, t + 5), extendInt = "yes", tol = 1e-13, maxiter = 1000)$root
}

# Sign of d and g: mean(no) - mean(yes).
standardized <- function(no, yes) {
  n1 <- length(no)
  n2 <- length(yes)
  df <- n1 + n2 - 2
  pooled <- sqrt(((n1 - 1) * var(no) + (n2 - 1) * var(yes)) / df)
  d <- (mean(no) - mean(yes)) / pooled
  # lgamma is the same J = gamma(df/2) / (sqrt(df/2) gamma((df-1)/2)) where gamma() would overflow.
  j <- exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
  if (df / 2 < 170) j <- gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2))
  scale <- sqrt(1 / n1 + 1 / n2)
  low <- ncp_at(d / scale, df, 0.975) * scale
  high <- ncp_at(d / scale, df, 0.025) * scale
  list(pooled_sd = pooled, d = d, d_low = low, d_high = high, j = j, g = j * d, g_low = j * low, g_high = j * high)
}

compare <- function(x, leak) {
  keep <- !is.na(x)
  x <- x[keep]
  leak <- leak[keep]
  no <- x[leak == "no"]
  yes <- x[leak == "yes"]
  out <- list(no = one_group(no), yes = one_group(yes))
  s <- t.test(no, yes, var.equal = TRUE)
  w <- t.test(no, yes)
  k <- kruskal.test(x, leak)
  u <- wilcox.test(no, yes, exact = FALSE, correct = TRUE)
  pairs <- outer(yes, no, function(a, b) (a > b) + 0.5 * (a == b))
  stopifnot(sum(pairs) == length(no) * length(yes) - u$statistic)
  out$student <- list(t = unname(s$statistic), df = unname(s$parameter), p = s$p.value,
                      diff = mean(no) - mean(yes), low = s$conf.int[1], high = s$conf.int[2])
  out$welch <- list(t = unname(w$statistic), df = unname(w$parameter), p = w$p.value)
  out$kruskal <- list(h = unname(k$statistic), df = unname(k$parameter), p = k$p.value)
  out$wilcoxon <- list(w = unname(u$statistic), p = u$p.value)
  out$choice <- if (out$no$shapiro$p >= 0.05 && out$yes$shapiro$p >= 0.05) "student" else "kruskal"
  out$hedges <- standardized(no, yes)
  out$superiority <- list(u_yes = sum(pairs), a = mean(pairs))
  out
}

# fisher.test() finds the odds ratio and its limits with uniroot's default tolerance (about 1e-4).
# These solve the same equations to the last digits: conditional MLE and exact tail limits.
sharp_odds <- function(o) {
  m <- sum(o[, 1])
  n <- sum(o[, 2])
  k <- sum(o[1, ])
  x <- o[1, 1]
  support <- max(0, k - n):min(k, m)
  base <- dhyper(support, m, n, k, log = TRUE)
  stopifnot(x > min(support), x < max(support))
  prob <- function(logor) {
    v <- base + logor * support
    v <- exp(v - max(v))
    v / sum(v)
  }
  root <- function(f) exp(uniroot(f, c(-5, 5), extendInt = "yes", tol = 1e-14, maxiter = 1000)$root)
  list(odds_ratio = root(function(b) sum(support * prob(b)) - x),
       low = root(function(b) sum(prob(b)[support >= x]) - 0.025),
       high = root(function(b) sum(prob(b)[support <= x]) - 0.025))
}

cross <- function(v, leak) {
  o <- table(v, leak)
  o <- o[rowSums(o) > 0, , drop = FALSE]
  # The only warning let through is chisq.test's "approximation may be incorrect".
  small <- FALSE
  chi <- withCallingHandlers(chisq.test(o, correct = FALSE), warning = function(w) {
    stopifnot(grepl("approximation may be incorrect", conditionMessage(w)))
    small <<- TRUE
    invokeRestart("muffleWarning")
  })
  f <- tryCatch(fisher.test(o, workspace = 2e7), error = function(e) {
    message("fisher.test: ", conditionMessage(e))
    NULL
  })
  out <- list(rows = rownames(o), cols = colnames(o), observed = unclass(o), expected = unclass(chi$expected),
              chi2 = unname(chi$statistic), df = unname(chi$parameter), p = chi$p.value,
              small_expected = small, fisher_p = if (is.null(f)) NA_real_ else f$p.value)
  if (all(dim(o) == 2)) {
    out$fisher_r <- list(odds_ratio = unname(f$estimate), low = f$conf.int[1], high = f$conf.int[2])
    out$fisher_sharp <- sharp_odds(o)
    near <- abs(log(unlist(out$fisher_sharp)) - log(unlist(out$fisher_r)))
    stopifnot(near < 1e-2)
  }
  out
}

proportion <- function(leak) {
  x <- sum(leak == "yes")
  n <- length(leak)
  w <- prop.test(x, n, correct = FALSE)$conf.int
  e <- binom.test(x, n)$conf.int
  list(x = x, n = n, proportion = x / n, wilson = list(low = w[1], high = w[2]),
       clopper_pearson = list(low = e[1], high = e[2]))
}

# Equal ratios such as 2.4/24.0 and 3.6/36.0 may differ in the last bit of a double, which breaks a true tie
# in the ranks (and kruskal.test counts ties after rounding to 15 digits, so it is then at odds with itself).
# fill_percent_true_ties holds the rank tests with such ties restored; by_leak holds R's answer on the raw ratio.
workbook <- function(d) {
  d <- prepare(d)
  p <- d[!duplicated(d$patient_id), ]
  scores <- intersect(SCORES, names(d))
  over <- function(names, f) sapply(names, f, simplify = FALSE)
  list(
    n_vertebrae = nrow(d), n_patients = nrow(p),
    describe = list(vertebrae = over(c(VOLUMES, scores), function(v) describe(d[[v]])),
                    patients = over(c("age_years", scores), function(v) describe(p[[v]]))),
    by_leak = over(c(VOLUMES, scores), function(v) compare(d[[v]], d$leak)),
    fill_percent_true_ties = compare(signif(d$fill_percent, 12), d$leak)[c("kruskal", "wilcoxon", "superiority")],
    tables = over(c("sex", "region", "level"), function(v) cross(d[[v]], d$leak)),
    leak_proportion = proportion(d$leak))
}

# ---- writing ---------------------------------------------------------------

# toJSON() rounds to 15 significant digits; 17 are needed to carry a double, so numbers go in as ready text.
exact <- function(x) {
  if (is.list(x)) return(lapply(x, exact))
  if (is.matrix(x)) return(lapply(seq_len(nrow(x)), function(i) json_array(x[i, ])))
  if (is.numeric(x)) return(json_text(x))
  if (is.character(x) && length(x) == 1) return(unbox(x))
  if (is.logical(x)) return(unbox(x))
  x
}
number <- function(x) ifelse(is.na(x), "null", sprintf("%.17g", x))
json_text <- function(x) {
  stopifnot(length(x) == 1, is.na(x) || is.finite(x))
  structure(number(x), class = "json")
}
json_array <- function(x) structure(paste0("[", paste(number(x), collapse = ", "), "]"), class = "json")

books <- list(plain = workbook(read_canonical("plain.csv")), spanish = workbook(read_spanish("spanish.csv")),
              large = workbook(read_canonical("large.csv")), normal = workbook(read_canonical("normal.csv")))

# normal.csv is there so that the protocol picks Student for volumes and Kruskal-Wallis for pain.
choice <- sapply(books$normal$by_leak, `[[`, "choice")
stopifnot(choice[c("vertebral_volume_cc", "cement_volume_cc")] == "student",
          choice[grep("^vas_", names(choice))] == "kruskal")

packages <- sapply(c("stats", "jsonlite"), function(p) as.character(packageVersion(p)), simplify = FALSE)
result <- list(meta = list(r = R.version.string, packages = packages, confidence = 0.95,
                           difference = "no minus yes", superiority = "leak yes above leak no, ties half"),
               workbooks = books)
text <- toJSON(exact(result), json_verbatim = TRUE, pretty = 1, null = "null")
writeLines(enc2utf8(text), file.path(here, "oracle.json"), useBytes = TRUE)
