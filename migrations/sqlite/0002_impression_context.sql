-- What a list of shown items came with, as interactions have it: a flat JSON object, NULL: nothing.
ALTER TABLE impressions ADD COLUMN context TEXT;
