"""Queues, tables and rule files on Azure Storage."""
