-- What people decide about reductions: cancelling, pausing, batches, reproducing; and who decided it.

ALTER TABLE reductions
  ADD COLUMN cancel_requested_at DATETIME(6) NULL,
  -- Names all reductions of one request, so that a mistaken burst can be cancelled whole.
  ADD COLUMN submission CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  -- Several runs reduced together; the runs' own newest reductions do not change with it.
  ADD COLUMN is_batch BOOLEAN NOT NULL DEFAULT FALSE,
  -- The earlier reduction that this one repeats as exactly as can be.
  ADD COLUMN reproduces_id BIGINT UNSIGNED NULL,
  -- JSON: what could not be held fixed; shared/contracts/reproduction.ts.
  ADD COLUMN reproduction LONGTEXT NULL,
  ADD KEY reductions_of_submission (submission, state),
  ADD KEY batches (is_batch, id),
  ADD KEY instrument_batches (instrument, is_batch, id),
  ADD KEY experiment_batches (rb_number, is_batch, id);

ALTER TABLE instruments
  ADD COLUMN paused_by VARCHAR(128) NULL,
  ADD COLUMN paused_at DATETIME(6) NULL;

-- Who decided what the event tells; NULL where the service did.
ALTER TABLE change_events
  ADD COLUMN who VARCHAR(128) NULL;

-- A row here holds every instrument, whatever its own pause says.
CREATE TABLE service_pauses (
  scope VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  reason VARCHAR(500) NOT NULL,
  paused_by VARCHAR(128) NOT NULL,
  paused_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
