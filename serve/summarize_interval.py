"""Intervals of stance shares that are computed from probabilities instead of hard labels.

For the paragraphs i of a group, let p_i = P(topic) and q_i = P(stance | topic). Whether paragraph i is about
the topic is a Bernoulli variable Y_i with mean p_i, and whether it also has the stance, Z_i with mean p_i q_i.
The share R = sum(p q) / sum(p) is a ratio, and its error is linearised as sum(Z_i - R Y_i) / sum(p): Taylor
linearisation of a ratio (Woodruff 1971, "A simple method for approximating the variance of a complicated
estimate", JASA 66; Cochran 1977, "Sampling Techniques", chapter 6). The variance is the sum of two parts:

- of the labels: Var(Z_i - R Y_i) = p q (1 - R)^2 + p (1 - q) R^2 - p^2 (q - R)^2, summed over the paragraphs,
  which are taken as independent given their probabilities;
- of the articles: n / (n - 1) times the sum over the n articles of (sum over an article's paragraphs of
  p (q - R))^2, the ultimate-cluster variance, because paragraphs of one article are alike.

The interval is Wilson's (1927) with the effective sample size R (1 - R) / variance in place of n, as for
proportions of complex surveys (Korn and Graubard 1998, Survey Methodology 24), with Student's t at the effective
number of articles less one. The effective size is never above sum(p).

The two parts answer two questions: for the share in these very articles the first alone would do, for the share
in the source that the articles were drawn from the second alone. Their sum is wide enough for either.

What the interval does not cover is the model: it takes the probabilities as calibrated for this source. Where the
model is wrong in one direction, or the share of topical paragraphs is not the stated prior, all the shares move and
no interval says so. Nor does it cover which outlets and days were collected.
"""

import math
from dataclasses import dataclass

Z = 1.959963984540054
LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the paragraphs of a group, for one stance; x = sum of p q and y = sum of p.

    The `label_` sums are of products over single paragraphs, the `article_` sums of products of the articles' own
    sums of p q and p.
    """

    articles: int
    x: float
    y: float
    label_xx: float
    label_xy: float
    label_yy: float
    article_xx: float
    article_xy: float
    article_yy: float


@dataclass(frozen=True, slots=True)
class Share:
    """A share between 0 and 1 with its 95 % interval; None where it cannot be estimated."""

    share: float | None
    low: float | None = None
    high: float | None = None


def stance_share(moments: Moments) -> Share:
    """The share of a stance and its interval. There is no share of less than half an expected paragraph, and no
    interval from a single article, for want of a second."""
    if moments.y < LEAST:
        return Share(None)
    share = min(max(moments.x / moments.y, 0.0), 1.0)
    if moments.articles < 2:
        return Share(share)
    variance = share_variance(moments, share)
    size = moments.y if variance <= 0 else min(share * (1 - share) / variance, moments.y)
    effective_articles = moments.y**2 / moments.article_yy
    return Share(share, *wilson(share, size, student(max(effective_articles - 1, 1.0))))


def share_variance(moments: Moments, share: float) -> float:
    """The two variances of the module's text, multiplied out into sums."""
    m, r = moments, share
    labels = (1 - 2 * r) * m.x + r * r * m.y - (m.label_xx - 2 * r * m.label_xy + r * r * m.label_yy)
    between = m.article_xx - 2 * r * m.article_xy + r * r * m.article_yy
    return (max(labels, 0.0) + max(between, 0.0) * m.articles / (m.articles - 1)) / m.y**2


def wilson(share: float, size: float, quantile: float) -> tuple[float, float]:
    """Wilson's score interval for a share of `size` independent observations; within 0 and 1."""
    if size <= 0:
        return 0.0, 1.0
    ratio = quantile**2 / size
    centre = (share + ratio / 2) / (1 + ratio)
    half = quantile * math.sqrt(share * (1 - share) / size + ratio / (4 * size)) / (1 + ratio)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def student(freedom: float) -> float:
    """The 97.5 % quantile of Student's t, by the expansion 26.7.5 of Abramowitz and Stegun (1964); within 1 % from
    three degrees of freedom on, and too small below (4.2 instead of 4.3 at two, 9.7 instead of 12.7 at one)."""
    return (
        Z
        + (Z**3 + Z) / (4 * freedom)
        + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)
        + (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / (384 * freedom**3)
    )
