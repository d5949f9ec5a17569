"""UIS Data API 2.0: JSON-RPC, its columns, its points and its refusals, over one exchange."""
