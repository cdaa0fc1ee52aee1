-- Times are UTC with microseconds. Names of instruments are upper-case ASCII and serve as keys themselves:
-- there are about forty, they never change, and a row that names its instrument can be read without a join.

CREATE TABLE instruments (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  is_active BOOLEAN NOT NULL DEFAULT FALSE,
  is_paused BOOLEAN NOT NULL DEFAULT FALSE,
  paused_reason VARCHAR(500) NULL,
  is_flat BOOLEAN NOT NULL DEFAULT FALSE,
  -- File name prefixes to try, a JSON list; NULL: the facility's usual ones.
  prefixes TEXT NULL,
  time_limit_seconds INT UNSIGNED NOT NULL DEFAULT 3600,
  -- How long a run without a usable file is tried again.
  wait_hours SMALLINT UNSIGNED NOT NULL DEFAULT 24,
  -- A jump of the counter beyond this many runs asks a person.
  gap_limit INT UNSIGNED NOT NULL DEFAULT 100,
  software_name VARCHAR(64) NULL,
  software_version VARCHAR(64) NULL,
  -- What tells the configured from the found: 'file' (INSTRUMENTS_FILE) or 'archive' (its folder was seen).
  origin VARCHAR(16) NOT NULL DEFAULT 'archive',
  created_at DATETIME(6) NOT NULL,
  changed_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE detection_cursors (
  instrument VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  last_run INT UNSIGNED NOT NULL,
  moved_at DATETIME(6) NOT NULL,
  looked_at DATETIME(6) NOT NULL,
  -- A counter that steps back counts only when a second look says the same.
  stepped_back_to INT UNSIGNED NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE detections (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  instrument VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  run_number INT UNSIGNED NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason TEXT NULL,
  detected_at DATETIME(6) NOT NULL,
  deadline_at DATETIME(6) NOT NULL,
  next_try_at DATETIME(6) NULL,
  tries INT UNSIGNED NOT NULL DEFAULT 0,
  -- The unusable file as last seen: one that has not changed for some minutes is not being copied any more.
  file_size_bytes BIGINT UNSIGNED NULL,
  file_modified_at DATETIME(6) NULL,
  file_unchanged_since DATETIME(6) NULL,
  changed_at DATETIME(6) NOT NULL,
  UNIQUE KEY detection_of_run (instrument, run_number),
  KEY due_detections (state, next_try_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE experiments (
  rb_number INT UNSIGNED NOT NULL PRIMARY KEY,
  first_seen_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE runs (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  instrument VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  run_number INT UNSIGNED NOT NULL,
  title VARCHAR(1000) NULL,
  rb_number INT UNSIGNED NULL,
  -- experiment_identifier as the file says it, also where it is no RB number.
  rb_text VARCHAR(255) NULL,
  started_at DATETIME(6) NULL,
  ended_at DATETIME(6) NULL,
  duration_seconds DOUBLE NULL,
  good_frames BIGINT NULL,
  raw_frames BIGINT NULL,
  -- µA·h
  proton_charge DOUBLE NULL,
  user_names VARCHAR(1000) NULL,
  definition VARCHAR(64) NULL,
  file_path VARCHAR(1000) NULL,
  file_size_bytes BIGINT UNSIGNED NULL,
  file_modified_at DATETIME(6) NULL,
  -- The highest run-version-N on disk when the run was first seen (the predecessor's); ours go on from there.
  versions_on_disk INT NOT NULL DEFAULT -1,
  -- The newest version, kept here in the same transaction as the reduction's own row: lists filter and page by it.
  latest_reduction_id BIGINT UNSIGNED NULL,
  latest_state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  UNIQUE KEY run_of_instrument (instrument, run_number),
  KEY runs_by_rb (rb_number, instrument, run_number),
  KEY runs_by_number (run_number, instrument),
  KEY runs_by_state (latest_state, id),
  KEY instrument_runs_by_state (instrument, latest_state, run_number)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE scripts (
  sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  -- JSON list of {name, base64}: reduce.py, reduce_vars.py and the neighbours they import, byte for byte.
  files LONGTEXT NOT NULL,
  first_seen_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE script_variables (
  script_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  -- JSON list of typed variables as reduce_vars.py declares them, or NULL and the fault in words.
  variables LONGTEXT NULL,
  fault TEXT NULL,
  read_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE argument_sets (
  sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  -- JSON; what it holds is in shared/contracts/variables.ts.
  arguments LONGTEXT NOT NULL,
  first_seen_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE reductions (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  instrument VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- What is reduced: the run number, or batch-<first>-<last>.
  target VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason TEXT NULL,
  class VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  rb_number INT UNSIGNED NULL,
  started_by VARCHAR(128) NOT NULL,
  description TEXT NULL,
  software_name VARCHAR(64) NULL,
  software_version VARCHAR(64) NULL,
  script_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  -- What the submission gave.
  given_arguments_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  -- What the script really got: the file's defaults with the given values over them; known once it has started.
  arguments_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  submitted_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  -- Since when it stands in line (again).
  queued_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  started_at DATETIME(6) NULL,
  finished_at DATETIME(6) NULL,
  script_seconds DOUBLE NULL,
  -- The lease. `fence` grows with every claim; who holds an old one changes nothing any more.
  fence INT UNSIGNED NOT NULL DEFAULT 0,
  lease_owner VARCHAR(128) NULL,
  lease_expires_at DATETIME(6) NULL,
  lost_count INT UNSIGNED NOT NULL DEFAULT 0,
  -- NULL, or 'publishing': the outcome below is decided and only the rename is left.
  step VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  decided_outcome LONGTEXT NULL,
  cancel_requested_by VARCHAR(128) NULL,
  results_path VARCHAR(1000) NULL,
  UNIQUE KEY version_of_target (instrument, target, version),
  KEY line (state, class, instrument, queued_at, id),
  KEY leases (state, lease_expires_at),
  KEY reductions_by_end (finished_at),
  KEY finished_of_instrument (instrument, state, finished_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE reduction_runs (
  reduction_id BIGINT UNSIGNED NOT NULL,
  run_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (reduction_id, run_id),
  KEY reductions_of_run (run_id, reduction_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE outputs (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  reduction_id BIGINT UNSIGNED NOT NULL,
  -- Below the results directory.
  path VARCHAR(1000) NOT NULL,
  size_bytes BIGINT UNSIGNED NOT NULL,
  media_type VARCHAR(128) NOT NULL,
  plot VARCHAR(8) NULL,
  KEY outputs_of_reduction (reduction_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Every change that a live view shows. Ids come out of order with commits: readers wait a moment at a gap.
CREATE TABLE change_events (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at DATETIME(6) NOT NULL,
  instrument VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  run_number INT UNSIGNED NULL,
  reduction_id BIGINT UNSIGNED NULL,
  state VARCHAR(32) NOT NULL,
  reason TEXT NULL,
  -- Who or what moved it: claim, finish, lost, ... for reductions.
  move VARCHAR(32) NULL,
  KEY events_of_reduction (reduction_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE notices (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  instrument VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message TEXT NOT NULL,
  detail TEXT NOT NULL,
  raised_at DATETIME(6) NOT NULL,
  last_seen_at DATETIME(6) NOT NULL,
  resolved_at DATETIME(6) NULL,
  resolution TEXT NULL,
  -- One open notice of a kind for an instrument; NULL once resolved.
  open_key VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL,
  UNIQUE KEY open_notice (open_key),
  KEY notices_by_time (raised_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE processors (
  id VARCHAR(128) NOT NULL PRIMARY KEY,
  host VARCHAR(255) NOT NULL,
  slots INT UNSIGNED NOT NULL,
  -- JSON list of {name, version}.
  environments TEXT NOT NULL,
  seen_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Rows that are locked, never read: whoever decides what runs next holds `line`.
CREATE TABLE turnstiles (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT INTO turnstiles (name) VALUES ('line');

CREATE TABLE idempotency_keys (
  idempotency_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  request_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  answer LONGTEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  KEY keys_by_age (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
