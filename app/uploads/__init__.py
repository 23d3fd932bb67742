"""Files from elsewhere: unpacked within limits and parsed in a confined process of their own. What they mean is for each subject to say."""
