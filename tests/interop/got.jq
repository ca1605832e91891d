# A row of tshark's fields, made comparable: loads are words again, not percentages; $cut (the wanted rows) says how many
# columns are compared.
def word: split(",") | map(tonumber / 100 * 4294967295 | round | tostring) | join(",");
[inputs] | to_entries[] | .key as $row | .value | split("\t")
	| .[0] |= split(",")[0] | .[1] |= split(",")[0] # not those of a message inside a cause
	| .[19] |= word | .[20] |= word
	| .[0:($cut[$row] | split("\t") | length)] | @tsv
