"""OpenAI's HTTP interface over the engine, so that other programs can ask the models of this machine.

`app` puts it together: `guard` lets requests in, `queries` reads them, `served` puts them to a model's
engine, `chat` and `completions` answer. A worker runs it; it knows neither the library nor the host.
"""
