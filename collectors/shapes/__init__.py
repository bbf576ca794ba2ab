"""How each format's own fields read as ECS."""
