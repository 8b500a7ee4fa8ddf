"""Retrievers of other frameworks, each over a Library: `from retrieval.integrations.langchain import PinciteRetriever`.

Each module subclasses the framework's own base and needs that framework, which is an extra of the package:
`pip install 'pincite[langchain]'`, `[llama-index]`, `[haystack]`. What comes back are passages, word for word, with the
span that they have in their document.
"""
