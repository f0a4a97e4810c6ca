-- With which key of the ring the blind index of a block was made: as long as the block holds, the key must stay. NULL: a source's.
ALTER TABLE intake.block ADD COLUMN key bigint;
