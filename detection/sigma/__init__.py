"""Rule files in Sigma -> rules and correlations, mapped to ECS; each refusal with its line."""
