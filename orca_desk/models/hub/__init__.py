"""What a Hugging Face hub offers, and how its files get here. Importing this connects to nothing.

huggingface_hub lists, addresses and transports. What may connect, where a token goes, which files are taken
and when one counts as whole is decided here. Only the workers `hub` and `download` call what connects.
"""
