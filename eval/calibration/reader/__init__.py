"""How the reader is trained and measured: data, examples, batches, model, loop, export, figures."""
