"""Conversations with Luminous, as generators: no I/O here.

- `products`, `channels`: about one record; `keeping`: what a write might replace is sent along
- `lookups`: finding records; `listing`, `pages`: walking over all of them; `filters`: of `GET /products`
- `answers`: what comes back
"""
