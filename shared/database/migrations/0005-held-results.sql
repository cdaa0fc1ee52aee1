-- Instruments whose results a processor cannot write: a JSON list of {instrument, problem, remedy}. It goes with the processor.

ALTER TABLE processors ADD COLUMN held TEXT NULL;
