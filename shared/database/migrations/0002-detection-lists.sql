-- The lists of detections in the portal: by state, newest first; of one instrument by state, highest run first.

ALTER TABLE detections
  ADD KEY detections_by_state (state, id),
  ADD KEY instrument_detections_by_state (instrument, state, run_number);
