"""The only code that opens a socket to an API: paced, patient, and honest about what it does not know.

- `client`: requests, paced and repeated; `conversation`, `writer`, `settling`: flows driven through it, many at once
- `connection_pool`, `connection`: HTTP on kept connections; `address`: which are safe, and through which proxy
- `pace`: when the next request may go, to whoever asks by `turns`; at a `fixed_rate` or an `adaptive_rate`, spaced by a
  `bucket`, slowed by `complaints` and a `quota`; `shared_pace`: one for several processes; `waiting`: called off
- `error_mapping`: failures and answers as our errors; `health`, `retry`: whether and when to try again
- `auth`, `oauth`, `renewal`: credentials, and tokens that do not last; `redaction`: kept out of what is shown
"""
