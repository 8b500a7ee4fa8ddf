"""A text with every kind of block, which other programs turn into other formats."""

MARKDOWN = """\
---
title: A Bridge Report
author: Ann Lée
date: 2018-06-14
lang: en-GB
---

# Introduction

The deck of the bridge fell at 6 a.m. on Monday.[^1] No one was hurt — “really”.

[^1]: A footnote about the deck.

## Findings

- Cable one was renewed.
- Cable two was not.
    - Its rust was known.

| Year | Cost        |
|------|-------------|
| 2012 | 1.2 million |
| 2013 | 0.7 million |

Of the *two* hundred bolts, **nine** held.

> We should have closed it.
"""
