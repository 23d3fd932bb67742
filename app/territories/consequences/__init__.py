"""What a change of territories would mean before it is made: who changes hands, what each team would carry; two versions compared."""
