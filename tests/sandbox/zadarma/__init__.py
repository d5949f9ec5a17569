"""The sandbox of Zadarma behaves as the vendor documents."""
