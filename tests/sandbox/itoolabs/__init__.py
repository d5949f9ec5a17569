"""The sandbox of ITooLabs (MegaFon, Kcell, Dom.ru) behaves as the vendor documents."""
