"""An exchange of the ITooLabs family (MegaFon, Kcell, Dom.ru...) as its public clients know it."""
