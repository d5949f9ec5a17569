"""The sandbox of the UIS Data API, asked as a client would ask."""
