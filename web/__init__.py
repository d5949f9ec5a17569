"""The pages the CRM embeds, the API behind them, health and metrics."""
