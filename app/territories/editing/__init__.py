"""Drawing a draft: verbs, their history by person, conflicts between persons, and who else is there."""
