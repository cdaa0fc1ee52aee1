-- Variables chosen for the runs to come: from a run on, or for an experiment. One of the two is set.

CREATE TABLE run_configurations (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  instrument VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  start_run INT UNSIGNED NULL,
  rb_number INT UNSIGNED NULL,
  -- JSON list of {group, name, value, declaredType}; only what was chosen, the rest is the script's.
  variables LONGTEXT NOT NULL,
  description VARCHAR(2000) NULL,
  -- Grows with every change: who replaces an older one than the newest is told.
  revision INT UNSIGNED NOT NULL DEFAULT 1,
  changed_by VARCHAR(128) NOT NULL,
  changed_at DATETIME(6) NOT NULL,
  UNIQUE KEY configuration_of_start_run (instrument, start_run),
  UNIQUE KEY configuration_of_experiment (instrument, rb_number)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Configured values that the script could not take, JSON list of {name, from, reason}; known once it has started.
ALTER TABLE reductions ADD COLUMN variables_left_out LONGTEXT NULL;
