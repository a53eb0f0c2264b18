"""Scoring on many machines: Apache Beam. No other part imports Beam."""
