"""Crops in, one Predict a member, soft vote out."""
