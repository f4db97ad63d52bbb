"""What every reader of nodes needs: problems, budgets, suggestions, named lists."""
