"""A small simulated shop in Chinese and English, the same for the same seed."""

from zhiyin.data.simulated.shop import ShopConfig, SimulatedShop, simulate_shop

__all__ = ["ShopConfig", "SimulatedShop", "simulate_shop"]
