"""Herbarium: reproducible transfer-learning experiments on DVC, MLflow and Optuna.

Importing the package imports nothing else; every command imports what it needs when it runs.
"""
