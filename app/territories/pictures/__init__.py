"""The picture of a regionalisation for a meeting (团队区域化效果图): before and after side by side, as PNG or PDF."""
