"""The loops, and what they are made of.

- `importer`: the check, then the sending, then the end of a run; `planner` and `plan_file`: what an import would do;
  `presence`: which records are there; `retry`: rows of an earlier run as a source
- `check`: what a source is judged by before anything is sent; `send`: what has to be written, and its way to the API;
  `workers`: several processes that send; `export`: the other way
- `enquiry`: questions to an API; `guards`: limits, and the wish to stop; `threads`: work beside the event loop
- `run_options`, `reports`, `results`: what a run remembers of its order, what is said of it, its rows as a file
"""
