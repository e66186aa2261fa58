"""Training the reader: never needed to use the assistant, only to make `assistant/data/reader` anew.

`data` reads the question sets and cuts windows, `network` is the model in torch, `train` fits it, `measure`
says how well it reads, `export` writes the ONNX file, `card` what is to be known about it. `make
train-reader BENCH=folder` runs it all.
"""
